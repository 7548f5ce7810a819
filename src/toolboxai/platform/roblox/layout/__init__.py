"""From a wish to a plan: which rooms there are, where they stand, how they are joined, what stands in them."""
