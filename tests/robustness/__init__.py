"""What must not break: killed at any moment, fifty people at once, an empty start."""
