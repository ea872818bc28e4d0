"""Schemes of RELION 4 and 5, and 3.1's schedules: jobs and operators in a graph of edges and forks, carried out by themselves."""
