/** HTML names of ASCII punctuation and of the characters from U+00A0 to U+00FF. Source: the HTML standard. */
const ASCII =
  'Tab=\t NewLine=\n excl=! quot=" num=# dollar=$ percnt=% amp=& apos=\' lpar=( rpar=) ast=* plus=+ comma=, period=. sol=/ ' +
  'colon=: semi=; lt=< equals== gt=> quest=? commat=@ lsqb=[ lbrack=[ bsol=\\ rsqb=] rbrack=] Hat=^ lowbar=_ grave=` ' +
  'lcub={ lbrace={ verbar=| vert=| rcub=} rbrace=}'
const LATIN_1 =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para ' +
  'middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute ' +
  'Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml ' +
  'Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ' +
  'ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml'

/** The character of each HTML entity, by name. */
export const ENTITIES: ReadonlyMap<string, string> = new Map([
  ...ASCII.split(' ').map(entry => {
    const [name = ''] = entry.split('=')
    return [name, entry.slice(name.length + 1)] as const
  }),
  ...LATIN_1.split(' ').map((name, index) => [name, String.fromCharCode(0xa0 + index)] as const)
])
