package plan

// Generation is an archive's place among the archives of its log.
type Generation struct {
	Date int64 // Unix seconds, of a dated archive; 0 for a numbered one
	N    int   // the number; for a dated archive, 0 or the suffix that a collision got
}
