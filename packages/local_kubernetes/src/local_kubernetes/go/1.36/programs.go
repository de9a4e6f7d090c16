//go:build tools

// Names the programs that are built from this module, so that go.sum holds what they need.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
