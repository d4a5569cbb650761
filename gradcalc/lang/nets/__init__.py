"""Networks: torch's modules, the layers that they are made of, and their parameters as inputs."""
