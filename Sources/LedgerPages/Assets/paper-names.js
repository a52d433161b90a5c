// Names of papers, as people write them.

/** The member of a citation's payload for a paper's name; undefined for another text. */
export function citingMember(text) {
  const name = text.trim();
  if (/^pith:\d{4}:[a-z2-7]{26}$/i.test(name)) {
    return { citing_pith_number: "pith:" + name.slice(5).toUpperCase() };
  }
  const doi = name.replace(/^(https?:\/\/(dx\.)?doi\.org\/|doi:\s*)/i, "");
  if (/^10\.\d+[\d.]*\/\S+$/.test(doi)) return { citing_doi: doi };
  const arxiv = name.replace(/^(https?:\/\/(www\.)?arxiv\.org\/(abs|pdf)\/|arxiv:\s*)/i, "").replace(/\.pdf$/i, "");
  if (/^(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?\/\d{7})(v\d+)?$/i.test(arxiv)) return { citing_arxiv: arxiv };
  return undefined;
}
