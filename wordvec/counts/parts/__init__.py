"""Parts of a text, for machines that know nothing of each other.

Part i of n is a range of the bytes of all texts together, in the order in which they are given. A
file that is plain text is cut between two lines (inside a line that is longer than `LONGEST_LINE`,
between two words); any other file goes whole to the part in which it begins. So every token is in
one part, and in which one depends on nothing but the texts and n.

Beside a vocabulary that was made of parts lies a note (`vocab.txt.parts`) with what a vocabulary
file has no room for: how many tokens the text has, and how many known ones each part. From it a
part knows the place of its first token in the whole text, by which tokens are subsampled.
"""
