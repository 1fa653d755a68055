"""Where frames come from and how their rows reach the cluster: the shells around `dolphin.core.market`."""
