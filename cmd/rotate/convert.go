package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"rotate/rotate/convert"
	"rotate/rotate/policy"
)

// convertCmd writes configurations of logrotate as TOML.
type convertCmd struct {
	File []string `arg:"" help:"Files in logrotate's syntax, or folders of them; \"-\" is the standard input."`
}

func (c *convertCmd) Run(v *voice) error {
	in := input{texts: map[string]string{}}
	in.read(c.File)
	text, odd, err := convert.TOML(in.policies, in.texts)
	_, _ = v.out.WriteString(text) // flush tells whether it was written
	for _, w := range append(in.warnings, odd...) {
		v.warn(w)
	}
	if err = errors.Join(in.err, err); err != nil {
		v.fail(err)
		return errSaid
	}
	return nil
}

// input is what convert reads.
type input struct {
	policies []*policy.Policy
	texts    map[string]string // of the files, by name
	warnings policy.Errors
	err      error
}

// standardInput is what "-" is called in positions.
const standardInput = "standard input"

// read reads all files, as one run of logrotate would: what one sets globally
// holds for those after it.
func (in *input) read(names []string) {
	var files []string
	for _, name := range names {
		switch {
		case name == "-":
			in.readStandardInput()
		case strings.HasSuffix(name, ".toml"):
			in.fail(fmt.Errorf("%s: is TOML already", name))
		default:
			files = append(files, name)
		}
	}
	if len(files) > 0 {
		in.take(policy.Load(files...))
	}
}

func (in *input) readStandardInput() {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		in.fail(fmt.Errorf("read the standard input: %w", err))
		return
	}
	in.take(policy.ParseBlocks(standardInput, data))
	in.texts[standardInput] = string(data)
}

func (in *input) take(config *policy.Config, err error) {
	in.fail(err)
	in.policies = append(in.policies, config.Policies...)
	in.warnings = append(in.warnings, config.Warnings...)
	for _, name := range config.Files {
		if name == standardInput || strings.HasSuffix(name, ".toml") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			in.fail(err)
			continue
		}
		in.texts[name] = string(text)
	}
}

func (in *input) fail(err error) { in.err = errors.Join(in.err, err) }
