"""What the driver of the 2600 series is made of: its models, its scripts, its dialogue and its settings."""
