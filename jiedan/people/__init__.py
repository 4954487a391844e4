"""Who works here: users, departments, roles, sign-in and the separation of duties."""
