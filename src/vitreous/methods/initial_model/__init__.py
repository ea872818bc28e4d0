"""A first map out of nothing: stochastic expectation-maximisation on polar Fourier samples, from random maps."""
