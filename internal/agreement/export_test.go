package agreement

// MemoAtMost is how many expressions a paper remembers.
const MemoAtMost = memoAtMost

// MemoSize is how many it remembers now.
func MemoSize(p *Paper) int {
	p.memo.mu.RLock()
	defer p.memo.mu.RUnlock()
	return len(p.memo.seen)
}
