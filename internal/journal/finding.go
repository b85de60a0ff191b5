package journal

import (
	"fmt"
	"slices"

	"guichet"
)

// Severity says how much a finding weighs.
type Severity string

// The severities, the worst first.
const (
	Grave   Severity = "grave"   // somebody altered, hid or made up something: keep the evidence, speak to the member
	Serious Severity = "serious" // the two cannot both be right; a fault may have caused it
	Notice  Severity = "notice"  // worth knowing; as a crash or a cut line leaves it
)

// Code names what was found. The list is closed: codes are appended, never
// renamed, because they cross borders.
type Code string

// What may be found in one log.
const (
	LeafChanged        Code = "leaf_changed"
	LeafAndHashChanged Code = "leaf_and_hash_changed"
	LeafGone           Code = "leaf_gone"
	TileChanged        Code = "tile_changed"
	TileGone           Code = "tile_gone"
	TreeRewritten      Code = "tree_rewritten"
	RewrittenSince     Code = "rewritten_since"
	LogCut             Code = "log_cut"
	BadCheckpoint      Code = "bad_checkpoint"
	BadCosigned        Code = "bad_cosigned"
	NotCosigned        Code = "not_cosigned"
	LogForked          Code = "log_forked"
	RolledBack         Code = "rolled_back"
	TilesUntrue        Code = "tiles_untrue"
	NotIncluded        Code = "not_included"
	NotCovered         Code = "not_covered"
	Renewed            Code = "renewed"
	AfterTheEnd        Code = "after_the_end"
)

// What may be found between two logs that tell of the same exchanges.
const (
	ReceivedNotAnswered Code = "received_not_answered"
	AnsweredNotReceived Code = "answered_not_received"
	AnsweredButMissed   Code = "answered_but_missed"
	LeafWithoutAnswer   Code = "leaf_without_answer"
	TheyReceivedNothing Code = "received_not_given"
	OtherRequest        Code = "other_request"
	OtherReply          Code = "other_reply"
	OtherAgreement      Code = "other_agreement"
	OtherDecision       Code = "other_decision"
	OtherRows           Code = "other_rows"
	OtherParties        Code = "other_parties"
	OtherTime           Code = "other_time"
	OtherLeaf           Code = "other_leaf"
	NoEnd               Code = "no_end"
	ToldTwice           Code = "told_twice"
	RecoveredHere       Code = "recovered_here"
	RecoveredThere      Code = "recovered_there"
)

// Finding is one thing that is not as it should be.
type Finding struct {
	Code     Code         `json:"code"`
	Severity Severity     `json:"severity"`
	Index    int64        `json:"index"`              // of the leaf, in the log that was checked, or in ours; -1 none
	Last     int64        `json:"last,omitempty"`     // of several leaves in a row, the last
	Theirs   int64        `json:"theirs"`             // of the leaf in their log; -1 none
	Exchange string       `json:"exchange,omitempty"` // between two logs
	Text     guichet.Text `json:"text"`
	Evidence []string     `json:"evidence,omitempty"` // files that prove it to others
}

// Report is what came of checking a log.
type Report struct {
	Origin    string      `json:"origin"`
	Size      int64       `json:"size"`      // leaves that were checked; of a partner's log, that its checkpoint covers
	Seen      int64       `json:"seen"`      // leaves of the checkpoint that was remembered from before; 0 none
	Cosigned  int64       `json:"cosigned"`  // leaves of the newest checkpoint that others have signed under; 0 none
	Witnesses []Witnessed `json:"witnesses"` // who they are
	Findings  []Finding   `json:"findings"`
}

// Worst returns the worst severity among findings, "" of none.
func Worst(findings []Finding) Severity {
	for _, s := range []Severity{Grave, Serious, Notice} {
		if slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == s }) {
			return s
		}
	}
	return ""
}

// Codes returns the closed list of codes of findings.
func Codes() []Code {
	var out []Code
	for _, s := range slices.Concat(logSayings(), storySayings()) {
		out = append(out, s.code)
	}
	return out
}

// saying is a code with its weight and its sentence; the arguments stand in the
// comment beside it.
type saying struct {
	code     Code
	severity Severity
	en, fr   string
}

// finding makes a finding of a code; at is the leaf's index, -1 for none.
func finding(code Code, at int64, args ...any) Finding {
	all := slices.Concat(logSayings(), storySayings())
	i := slices.IndexFunc(all, func(s saying) bool { return s.code == code })
	s := all[i]
	return Finding{
		Code: code, Severity: s.severity, Index: at, Theirs: -1,
		Text: guichet.Text{EN: fmt.Sprintf(s.en, args...), FR: fmt.Sprintf(s.fr, args...)},
	}
}

func logSayings() []saying { return slices.Concat(leafSayings(), headSayings(), renewalSayings()) }

// leafSayings are about leaves and their hashes.
func leafSayings() []saying {
	return []saying{
		{
			LeafChanged, Grave, // leaves, in English and in French
			"%[1]s: changed after it was written; it does not fit the signed tree",
			"%[2]s : modification après écriture ; cela ne correspond pas à l’arbre signé",
		},
		{
			LeafAndHashChanged, Grave, // leaves, in English and in French
			"%[1]s: at least one was changed together with its hash; they do not fit the signed tree",
			"%[2]s : au moins une a été modifiée avec son empreinte ; elles ne correspondent pas à l’arbre signé",
		},
		{
			LeafGone, Grave, // leaves, in English and in French
			"%[1]s: missing or cannot be read, though the signed tree has it",
			"%[2]s : absence ou illisibilité, alors que l’arbre signé les contient",
		},
		{
			TileChanged, Serious, // leaves, in English and in French
			"%[1]s: the hash that is kept was changed; what was written fits the signed tree",
			"%[2]s : l’empreinte conservée a été modifiée ; ce qui a été écrit correspond à l’arbre signé",
		},
		{
			TileGone, Serious, // leaves, in English and in French
			"%[1]s: the hash that is kept is missing or cannot be read",
			"%[2]s : l’empreinte conservée manque ou est illisible",
		},
	}
}

// headSayings are about the log as a whole and what was signed of it.
func headSayings() []saying {
	return []saying{
		{
			TreeRewritten, Grave, // size
			"the tree of %[1]d leaves is not the one that was signed: leaves and hashes were rewritten together",
			"l’arbre de %[1]d feuilles n’est pas celui qui a été signé : feuilles et empreintes ont été réécrites ensemble",
		},
		{
			RewrittenSince, Grave, // size, who saw it, in English and in French
			"of the first %[1]d leaves at least one was changed since they %[2]s",
			"parmi les %[1]d premières feuilles, une au moins a été modifiée depuis qu’elles %[3]s",
		},
		{
			LogCut, Grave, // leaves there, leaves that were, first missing, last missing, who saw them, in English and in French
			"the log has %[1]d leaves, and %[2]d %[5]s: %[3]d to %[4]d were cut off, or an old copy was put back",
			"le journal a %[1]d feuilles, alors que %[2]d %[6]s : de %[3]d à %[4]d elles ont été coupées, ou une ancienne copie a été remise",
		},
		{
			BadCheckpoint, Grave, // why
			"the checkpoint cannot be believed: %[1]s",
			"le point de contrôle n’est pas digne de foi : %[1]s",
		},
		{
			BadCosigned, Serious, // why
			"the cosigned checkpoint cannot be believed: %[1]s",
			"le point de contrôle cosigné n’est pas digne de foi : %[1]s",
		},
		{
			NotCosigned, Notice,
			"no other member has signed under a checkpoint of this log",
			"aucun autre membre n’a signé sous un point de contrôle de ce journal",
		},
		{
			LogForked, Grave, // member, one size, other size
			"%[1]s has signed two logs that cannot both be true: one of %[2]d leaves and one of %[3]d",
			"%[1]s a signé deux journaux qui ne peuvent être vrais tous deux : l’un de %[2]d feuilles, l’autre de %[3]d",
		},
		{
			RolledBack, Grave, // member, now, before
			"%[1]s shows a log of %[2]d leaves; %[3]d were seen before: it was rolled back, or an old copy is served",
			"%[1]s montre un journal de %[2]d feuilles ; %[3]d avaient été vues : il a été ramené en arrière, ou une ancienne copie est servie",
		},
		{
			TilesUntrue, Serious, // member, size
			"the hash tiles that %[1]s serves do not make the root that it signed at %[2]d leaves; nothing can be proven from them",
			"les empreintes servies par %[1]s ne donnent pas la racine signée à %[2]d feuilles ; rien ne peut en être prouvé",
		},
		{
			NotIncluded, Grave, // member, index
			"the leaf that %[1]s showed us at %[2]d is not in its log",
			"la feuille que %[1]s nous a montrée à %[2]d n’est pas dans son journal",
		},
		{
			NotCovered, Notice, // member, index, size
			"the leaf that %[1]s showed us at %[2]d is not covered yet by its checkpoint of %[3]d leaves",
			"la feuille que %[1]s nous a montrée à %[2]d n’est pas encore couverte par son point de contrôle de %[3]d feuilles",
		},
	}
}

// renewalSayings are about a journal that goes on in another log.
func renewalSayings() []saying {
	return []saying{
		{
			Renewed, Notice, // log, member, leaves at its end, next log, date, what is lost, in English and in French, why
			"log %[1]d of %[2]s ended at %[3]d leaves, and since %[5]s its journal goes on in log %[4]d; %[6]s; it says why: %[8]s",
			"le registre %[1]d de %[2]s s’est arrêté à %[3]d feuilles, et depuis le %[5]s son journal continue dans le registre %[4]d ; %[7]s ; la raison donnée : %[8]s",
		},
		{
			AfterTheEnd, Grave, // member, log
			"%[1]s has said that its log %[2]d ended, and somebody has signed more of it under its key since",
			"%[1]s a dit que son registre %[2]d s’était arrêté, et quelqu’un en a signé plus sous sa clé depuis",
		},
	}
}
