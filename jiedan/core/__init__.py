"""What every area stands on: errors, settings, time, money, numbers, transactions, audit, files."""
