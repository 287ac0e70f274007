"""What ``labctl reproduce`` runs for each paper, and what the paper published of it."""
