"""Who works here: users, departments, roles, sign-in and the separation of duties.

directory       who somebody is, who holds a role, who leads whom
accounts        adding people, changing what they may, taking their access away
sign_in         passwords, throttling, sign-ins that can be ended
tokens          keys with which programs act as somebody
substitutions   who acts for whom, and when
duties          who did one thing may not do the other
organisation    roles and departments from config/roles.toml
"""
