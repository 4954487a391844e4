"""What the product costs, beside what the machine and the engine library could do at best."""
