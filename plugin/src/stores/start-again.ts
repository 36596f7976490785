/** Whether codecs run in a browser, in its page or in a worker of it; Node has no `Worker` of its own. */
export const isBrowser = typeof Worker !== 'undefined';

/** What helps against a fault that may be gone with the next start, as the beginning of a remedy. */
export const startAgain = isBrowser ? 'Reload the page' : 'Start the program again';
