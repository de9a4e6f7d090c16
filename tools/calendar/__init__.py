"""What ends when: the dated facts that an environment and this project rest on."""
