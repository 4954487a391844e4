"""The demo company: its people, its customers and goods, and orders in every state."""
