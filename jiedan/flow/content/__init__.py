"""What owners write: reads and checks processes/, forms/, decisions/ and handlers/."""
