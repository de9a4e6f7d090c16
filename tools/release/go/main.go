// Signature verifies the signature of an image, or signs one with a key in a file.
//
//	signature verify [-plain-http] TRUST REFERENCE
//	signature sign [-plain-http] KEY CERTIFICATE REFERENCE
//
// TRUST is a folder with truststore/x509/ca/<name>/*.pem. REFERENCE names a digest. Credentials come
// from Docker's configuration. The pipeline signs with Key Vault instead, by Notation's own program.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/dir"
	notationregistry "github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/signer"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"
)

const store = "signers"

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("say verify or sign")
	}
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	plain := flags.Bool("plain-http", false, "a registry without TLS, on this machine")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	given := flags.Args()
	switch {
	case arguments[0] == "verify" && len(given) == 2:
		return verify(ctx, given[0], given[1], *plain)
	case arguments[0] == "sign" && len(given) == 3:
		return sign(ctx, given[0], given[1], given[2], *plain)
	}
	return errors.New("verify TRUST REFERENCE, or sign KEY CERTIFICATE REFERENCE")
}

func verify(ctx context.Context, trust, reference string, plain bool) error {
	policy := &trustpolicy.Document{
		Version: "1.0",
		TrustPolicies: []trustpolicy.TrustPolicy{{
			Name:                  "images",
			RegistryScopes:        []string{"*"},
			SignatureVerification: trustpolicy.SignatureVerification{VerificationLevel: "strict"},
			TrustStores:           []string{"ca:" + store},
			TrustedIdentities:     []string{"*"},
		}},
	}
	checker, err := verifier.New(policy, truststore.NewX509TrustStore(dir.NewSysFS(trust)), nil)
	if err != nil {
		return err
	}
	images, err := repository(reference, plain)
	if err != nil {
		return err
	}
	options := notation.VerifyOptions{ArtifactReference: reference, MaxSignatureAttempts: 50}
	found, _, err := notation.Verify(ctx, checker, images, options)
	if err != nil {
		return err
	}
	fmt.Println(found.Digest)
	return nil
}

func sign(ctx context.Context, key, certificate, reference string, plain bool) error {
	hand, err := signer.NewGenericSignerFromFiles(key, certificate)
	if err != nil {
		return err
	}
	images, err := repository(reference, plain)
	if err != nil {
		return err
	}
	options := notation.SignOptions{ArtifactReference: reference}
	options.SignatureMediaType = "application/jose+json"
	_, err = notation.Sign(ctx, hand, images, options)
	return err
}

func repository(reference string, plain bool) (notationregistry.Repository, error) {
	images, err := remote.NewRepository(reference)
	if err != nil {
		return nil, err
	}
	kept, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return nil, err
	}
	images.PlainHTTP = plain
	images.Client = &auth.Client{
		Client:     retry.DefaultClient,
		Cache:      auth.NewCache(),
		Credential: credentials.Credential(kept),
	}
	return notationregistry.NewRepository(images), nil
}
