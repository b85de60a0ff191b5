package agreement

import "guichet"

// sections are the texts of part 3 as the templates have them, in our own words.
// They are a beginning for those who may sign, no legal advice.
func sections() map[string]guichet.Text {
	return map[string]guichet.Text{
		"definitions": say(
			"A party is a member that has signed this agreement. An answer is what a party's node gives to a question of another. A figure is a sum over records; a record is one line as it is held. A clause is named by its path in this paper. Days are calendar days, UTC.",
			"Une partie est un membre qui a signé cet accord. Une réponse est ce que le nœud d'une partie donne à la question d'une autre. Un chiffre est une somme d'enregistrements ; un enregistrement est une ligne telle qu'elle est détenue. Une clause est désignée par son chemin dans cet acte. Les jours sont des jours civils, UTC."),
		"sovereignty": say(
			"Each party decides alone about its data. Nothing here gives up sovereignty, privilege or immunity. A party may refuse any question for its security, public order or law, and need not say more than the clause.",
			"Chaque partie décide seule de ses données. Rien ici n'emporte renonciation à la souveraineté, à un privilège ou à une immunité. Une partie peut refuser toute question pour sa sécurité, son ordre public ou son droit, sans autre motif que la clause."),
		"domestic_law": say(
			"Where this agreement and a party's law differ, that party keeps to its law and tells the others of it. Of two rules that protect, the stricter holds.",
			"Si cet accord et le droit d'une partie divergent, celle-ci suit son droit et en avise les autres. De deux règles de protection, la plus stricte l'emporte."),
		"freedom_of_information": say(
			"Answers remain the giving party's. Who is asked for them under a law on access to information tells the giving party before anything is released, and claims every exemption that it may.",
			"Les réponses restent celles de la partie qui les donne. Qui se les voit demander au titre d'une loi sur l'accès à l'information en avise cette partie avant toute communication, et oppose toute exception possible."),
		"compelled_disclosure": say(
			"Who is ordered by a court or authority to hand over an answer tells the giving party at once, as far as the law lets it, hands over no more than it must, and asks for secrecy.",
			"Qui reçoit d'un tribunal ou d'une autorité l'ordre de remettre une réponse en avise aussitôt la partie qui l'a donnée, autant que le droit le permet, ne remet que le nécessaire et demande le secret."),
		"liability": say(
			"No party answers to another for the content of its figures or for the use made of them. Each bears what its own people cause.",
			"Aucune partie ne répond envers une autre du contenu de ses chiffres ni de leur usage. Chacune supporte ce que ses agents causent."),
		"disputes": say(
			"Disputes are settled by talks between the parties, first of those who run the nodes, then of those who signed. No court and no third party decides. What a party does at home is under its own law.",
			"Les différends se règlent par des échanges entre les parties, d'abord entre ceux qui exploitent les nœuds, puis entre les signataires. Aucun tribunal ni tiers ne tranche. Ce qu'une partie fait chez elle relève de son droit."),
		"survival": say(
			"What this agreement says of secrecy, keeping, deletion and passing on holds for answers already given, also after it ended.",
			"Ce que l'accord dit du secret, de la conservation, de la suppression et de la transmission vaut pour les réponses déjà données, même après sa fin."),
		"accession": say(
			"A member of the circle may join when all parties sign a version that names it. Until then it has no right under this paper.",
			"Un membre du cercle peut adhérer lorsque toutes les parties signent une version qui le nomme. Jusque-là, cet acte ne lui donne aucun droit."),
		"authority": say(
			"Who signs declares to have the power to bind the party within its law. The signature is that of the member's key in the circle.",
			"Le signataire déclare pouvoir engager la partie dans les limites de son droit. La signature est celle de la clé du membre dans le cercle."),
		"entry_into_force": say(
			"The agreement enters into force on the day that it names, once all parties have signed the same digest. A party may withdraw by a notice of thirty days.",
			"L'accord entre en vigueur au jour qu'il indique, une fois que toutes les parties ont signé la même empreinte. Une partie peut le dénoncer avec un préavis de trente jours."),
		"force_majeure": say(
			"A party that cannot answer for reasons that it does not govern is not in breach, as long as they last; it says so.",
			"Une partie empêchée de répondre par des causes qu'elle ne maîtrise pas n'est pas en faute tant qu'elles durent ; elle le fait savoir."),
	}
}
