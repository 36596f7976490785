/** Text of the input an event came from. */
export function inputValue(event: Event): string {
  return event.target instanceof HTMLInputElement ? event.target.value : '';
}
