package policy

import "strings"

// splitWords splits a text as logrotate does: at white space, which quotes, '
// or ", or a \ make part of a word. Within quotes a \ takes only a quote as it
// is, and otherwise stays. A quote that is not closed ends with the text. Empty
// words are none. ok is false if the text ends in the middle of an escape.
func splitWords(text string) (words []string, ok bool) {
	var word []byte
	var quote byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 == len(text):
			return nil, false
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && isSpace(c):
			if len(word) > 0 {
				words = append(words, string(word))
			}
			word = word[:0]
		case c == '\\':
			i++
			if quote != 0 && text[i] != quote {
				word = append(word, c)
			}
			word = append(word, text[i])
		default:
			word = append(word, c)
		}
	}
	if len(word) > 0 {
		words = append(words, string(word))
	}
	return words, true
}

// space is what isspace(3) takes for it.
const space = " \t\n\v\f\r"

func isSpace(c byte) bool { return strings.IndexByte(space, c) >= 0 }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
