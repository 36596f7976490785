/** Text of the input an event came from. */
export function inputValue(event: Event): string {
  return event.target instanceof HTMLInputElement ? event.target.value : '';
}

/** What was chosen in the select an event came from. */
export function selectValue({ target }: Event): string {
  return target instanceof HTMLSelectElement ? target.value : '';
}
