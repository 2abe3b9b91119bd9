interface Option {
  readonly value: string
  readonly label: string
}

/** What is to be chosen from, with what another client has stored that none of it is. */
export function withOther(options: readonly Option[], value: string): readonly Option[] {
  if (options.some((option) => option.value === value)) return options
  return [...options, { value, label: value }]
}
