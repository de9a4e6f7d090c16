//go:build tools

// Names the program that is built from this module, so that go.sum holds what it needs.
package tools

import _ "sigs.k8s.io/kwok/cmd/kwok"
