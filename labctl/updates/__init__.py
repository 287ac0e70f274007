"""Ways to change the cells of an array by a wanted amount, as training does: one file a scheme."""
