"""Two transactions that meet: parked and released in a chosen order, on both databases."""
