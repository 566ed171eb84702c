"""What a course page shows. Knows `workflows.api` and nothing deeper; imports no block here, because apps load early."""

__version__ = "0.1.0"
