package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Error is what is wrong with a configuration: where, what, and what to write
// or run instead.
type Error struct {
	Pos  Position // Line 0: the file as a whole; zero: no file, as for [ParseSize]
	Text string   // what is wrong
	Hint string   // the remedy; may be empty

	cause error
	said  []string // what logrotate says of it, if that is not the usual
}

// Error returns "file:line:col: text", "file: text" for a file as a whole. The
// hint is not part of it: it deserves a line of its own.
func (e *Error) Error() string {
	if e.Pos == (Position{}) {
		return e.Text
	}
	return e.Pos.String() + ": " + e.Text
}

// Logrotate returns the lines that logrotate prints about e, to the letter
// where it has a word for it: "error: FILE:LINE TEXT" or "warning: …".
func (e *Error) Logrotate() []string {
	switch {
	case e.said != nil:
		return e.said
	case e.Pos.File == "":
		return []string{"error: " + e.Text}
	case e.Pos.Line == 0:
		return []string{"error: " + e.Pos.File + ": " + e.Text}
	}
	return []string{fmt.Sprintf("error: %s:%d %s", e.Pos.File, e.Pos.Line, e.Text)}
}

// Unwrap returns the error of the system behind e, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// Errors is everything that is wrong, file by file, from top to bottom.
type Errors []*Error

// Error returns one line for each error.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the errors one by one.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, err := range e {
		errs[i] = err
	}
	return errs
}

// orNil avoids an error that is not nil and says nothing.
func (e Errors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// sort puts the errors of one file in the order of the text.
func (e Errors) sort() {
	slices.SortStableFunc(e, func(a, b *Error) int {
		return a.Pos.compare(b.Pos)
	})
}

// fault is an Error whose place the caller knows.
func fault(hint, format string, args ...any) *Error {
	return &Error{Text: fmt.Sprintf(format, args...), Hint: hint}
}
