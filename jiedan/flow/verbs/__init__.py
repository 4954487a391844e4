"""What people do with a task besides completing it: one module per family of verbs."""
