import { InputError } from "../core/check.js";

const SCALE = 2; // sharp on dense screens and in print

/** An SVG as PNG. Fonts: those of the system, or the files given. */
export async function renderPng(svg: string, fontFiles: readonly string[] = []): Promise<Uint8Array> {
  const { Resvg } = await import("@resvg/resvg-js").catch(() => {
    throw new InputError("png", "needs the optional package @resvg/resvg-js: npm install @resvg/resvg-js");
  });
  const font = {
    loadSystemFonts: fontFiles.length === 0,
    fontFiles: [...fontFiles],
    defaultFontFamily: "DejaVu Sans",
    sansSerifFamily: "DejaVu Sans",
  };
  // Without a font the text vanishes and nothing says so. A word alone tells: no font, no extent.
  const probe = new Resvg(
    '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20"><text x="2" y="15" font-family="DejaVu Sans, Liberation Sans, Helvetica, Arial, sans-serif" font-size="14">Text</text></svg>',
    { font },
  );
  if (probe.getBBox() === undefined) {
    const where = fontFiles.length === 0 ? "this system has no font" : `no font in ${fontFiles.join(", ")}`;
    throw new InputError(
      "png",
      `${where}, the text of the charts would vanish; install one (e.g. DejaVu Sans) or use SVG`,
    );
  }
  // Of two values of image-rendering a browser takes the last that it knows; resvg takes the last and knows the first.
  const sharp = svg.replaceAll("image-rendering: pixelated;", "");
  return new Resvg(sharp, { font, fitTo: { mode: "zoom", value: SCALE }, background: "white" }).render().asPng();
}
