"""Engine: who runs tasks, threads of this process or workers of a cluster."""
