/** Tokens of a prefix block, where a log does not say: each prompt of n blocks, rounded up, holds it between two bounds. */
export class BlockSize {
  #least = 1;
  #most = Infinity;

  add(promptTokens: number, blocks: number): void {
    if (blocks === 0) return;
    this.#least = Math.max(this.#least, promptTokens / blocks);
    if (blocks > 1) this.#most = Math.min(this.#most, promptTokens / (blocks - 1));
  }

  /** The smallest power of two that all prompts allow; null if none does. */
  value(): number | null {
    const size = 2 ** Math.ceil(Math.log2(this.#least));
    return size < this.#most ? size : null;
  }
}
