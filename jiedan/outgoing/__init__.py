"""What leaves the house for people: mails and messages of group robots, with retry (SPEC G4)."""
