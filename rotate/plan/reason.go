package plan

// Reason says why a decision was made: a code, and the numbers behind it.
type Reason struct {
	Code  Code
	Have  int64 // what was found: bytes, or Unix seconds, as Code says
	Limit int64 // what it was held against, in the same unit
}
