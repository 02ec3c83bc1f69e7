// The screens of MCP Inspector's web interface, when its sidebar is closed: what the sidebar shows is then a screen, too.

import type { Locator, Page } from 'playwright-core';

/** The screens of the Inspector. */
export class Screens {
  readonly #page: Page;
  readonly main: Locator;

  private constructor(page: Page) {
    this.#page = page;
    this.main = page.getByRole('main');
  }

  static async of(page: Page): Promise<Screens> {
    const close = page.getByRole('button', { name: 'Close monitoring sidebar' });
    await close.click();
    await close.waitFor({ state: 'detached' });
    return new Screens(page);
  }

  async open(screen: 'Tools' | 'Prompts' | 'Resources' | 'Logs' | 'Protocol'): Promise<void> {
    await this.#page.getByRole('banner').getByText(screen, { exact: true }).click();
  }

  /** Begins the call of a tool. */
  async begin(tool: string, input: Record<string, unknown>): Promise<void> {
    await this.open('Tools');
    const close = this.main.getByRole('button', { name: 'Close results' });
    if (await close.isVisible()) await close.click();
    await this.main.getByRole('button', { name: new RegExp(`(?:^| )${tool}$`) }).click();
    await fill(this.main, input);
    await this.main.getByRole('button', { name: 'Execute Tool' }).click();
  }

  /** Waits for the result of the call. @returns its text */
  async result(): Promise<string> {
    const heading = this.main.getByRole('heading', { name: 'Results' });
    await heading.waitFor();
    const text = await this.main.innerText();
    // The sign is that of the Copy buttons.
    return text
      .slice(text.lastIndexOf('Results') + 'Results'.length)
      .replaceAll('⎘', '')
      .trim();
  }

  async openPrompt(title: string): Promise<void> {
    await this.open('Prompts');
    await this.main.getByText(title, { exact: true }).first().click();
  }

  async openResource(name: string): Promise<void> {
    await this.open('Resources');
    await this.main.getByText(name, { exact: true }).first().click();
    await this.main.getByText(new RegExp(`^demo://.*/${name}$`)).waitFor();
  }
}

/** Buttons behind a form are pressed by the keyboard: the list of completions may lie over them. */
export async function fill(form: Locator, input: Record<string, unknown>): Promise<void> {
  for (const [name, value] of Object.entries(input))
    await form.getByRole('textbox', { name, exact: true }).fill(String(value));
}
