// The container that holds the namespaces of a pod: it waits, and buries what its pod leaves behind.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		for {
			if buried, _ := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); buried <= 0 {
				break
			}
		}
	}
}
