"""The hot loops, each a folder: the public function, a readable reference, a fast version for the CPU."""
