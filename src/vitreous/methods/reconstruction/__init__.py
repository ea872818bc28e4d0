"""Maps out of posed particles, and what is done to maps: masks, masked FSC, sharpening."""
