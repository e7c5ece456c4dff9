//go:build tools

// Package tools names what this folder's go.mod pins.
package tools

import _ "github.com/poseidon/matchbox/cmd/matchbox"
