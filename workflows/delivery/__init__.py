"""What leaves the school after a commit: letters, mails and reminders. Commands never import this package."""
