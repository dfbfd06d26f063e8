import type { FixtureRepository } from "../../../fixtures/git/build-repository.ts";
import type { FixtureImage } from "../../../fixtures/images/build-image.ts";
import { createRandom } from "../../rules/random.ts";
import { fillTemplate } from "../../rules/templates.ts";

/** One secret of the demonstration, and how it got away. */
export interface PlantedSecret {
  readonly value: string;
  readonly how: string;
}

export interface Story {
  readonly repository: FixtureRepository;
  readonly image: FixtureImage;
  readonly planted: readonly PlantedSecret[];
}

/** A small shop's repository and image, with the mistakes that people make. Values depend on the seed: none is stored, none is anybody's. */
export function tellStory(seed: string): Story {
  const random = createRandom(seed);
  const planted: PlantedSecret[] = [];
  const plant = (template: string, how: string): string => {
    const value = fillTemplate(template, random);
    planted.push({ value, how });
    return value;
  };
  const awsId = fillTemplate("${gen:aws-akid}", random);
  const awsSecret = plant("${gen:aws-secret}", "committed, removed a commit later; the image still has it");
  const stripe = plant("sk_live_${alnum:24}", "came with a branch that was merged");
  const github = plant("${gen:github-pat}", "only in a stash");
  const slack = plant("xoxb-${digits:12}-${digits:13}-${alnum:24}", "on a branch that was deleted");
  const deployKey = plant("${gen:pem-openssh}", "amended away; the old commit is still in the store");
  const database = plant("${alnum:18}", "written into a commit message");
  const npm = plant("${gen:npm}", "in a layer, deleted by the next one");
  const sendgrid = plant("SG.${base64url:22}.${base64url:43}", "set with ENV");
  const gitlab = plant("glpat-${alnum:20}", "given as a build argument");
  const aws = `[default]\naws_access_key_id = ${awsId}\naws_secret_access_key = ${awsSecret}\n`;
  return {
    repository: {
      commits: [
        {
          name: "start",
          changes: { "README.md": "# shop\n", "src/app.py": "def main():\n    print('shop')\n" },
          message: "Start",
        },
        {
          name: "upload",
          parents: ["start"],
          changes: { "deploy/aws.ini": aws, "src/upload.py": "BUCKET = 'shop-assets'\n" },
          message: "Upload pictures",
        },
        {
          name: "clean",
          parents: ["upload"],
          changes: { "deploy/aws.ini": null },
          message: "Keys come from the environment now",
        },
        {
          name: "pay",
          parents: ["upload"],
          changes: { "src/pay.py": `import stripe\n\nstripe.api_key = "${stripe}"\n` },
          message: "Take payments",
          author: "Robin Example <robin@example.com>",
        },
        {
          name: "merge",
          parents: ["clean", "pay"],
          changes: { "src/pay.py": `import stripe\n\nstripe.api_key = "${stripe}"\n` },
          message: "Merge branch 'payments'",
        },
        {
          name: "pay-env",
          parents: ["merge"],
          changes: { "src/pay.py": 'import os, stripe\n\nstripe.api_key = os.environ["STRIPE_KEY"]\n' },
          message: "Read the payment key from the environment",
        },
        {
          name: "chat",
          parents: ["clean"],
          changes: { "src/chat.py": `client = WebClient(token="${slack}")\n` },
          message: "Try a chat bot",
          author: "Robin Example <robin@example.com>",
        },
        {
          name: "oops",
          parents: ["pay-env"],
          changes: { "deploy/id_ed25519": `${deployKey}\n`, "deploy/run.sh": "ssh -i id_ed25519 shop@shop.example\n" },
          message: "Deploy by ssh",
        },
        {
          name: "amended",
          parents: ["pay-env"],
          changes: { "deploy/run.sh": "ssh shop@shop.example\n" },
          message: "Deploy by ssh",
        },
        {
          name: "head",
          parents: ["amended"],
          changes: { "src/db.py": "import os\n\nURL = os.environ['DATABASE_URL']\n" },
          message: `Move the database\n\nIt was postgres://shop:${database}@10.0.3.7:5432/shop before.`,
        },
        { name: "index", parents: ["head"], changes: {}, message: "index on main: Move the database" },
        {
          name: "stash",
          parents: ["head", "index"],
          changes: { ".env": `GITHUB_TOKEN=${github}\n` },
          message: "On main: local settings",
        },
      ],
      refs: { "refs/heads/main": "head", "refs/stash": "stash" },
      tags: [{ ref: "refs/tags/v1.0", commit: "pay-env", message: "First release" }],
      reflogs: {
        HEAD: ["start", "upload", "clean", "merge", "pay-env", "oops", "amended", "head"],
        "refs/stash": ["stash"],
      },
    },
    image: {
      tag: "shop:1.0",
      layers: [
        { instruction: "ADD rootfs.tar /", files: { "etc/os-release": "NAME=small\n", "bin/sh": "#!\n" } },
        {
          instruction: "COPY . /app",
          files: {
            "app/src/app.py": "def main():\n    print('shop')\n",
            "app/deploy/aws.ini": aws,
            "root/.npmrc": `//npm.shop.example/:_authToken=${npm}\n`,
          },
        },
        {
          instruction: "RUN /bin/sh -c npm ci && rm /root/.npmrc",
          files: { "app/node_modules/left/index.js": "module.exports = 1;\n" },
          whiteouts: ["root/.npmrc"],
        },
        {
          instruction: `RUN |1 REGISTRY_TOKEN=${gitlab} /bin/sh -c ./build.sh`,
          files: { "app/dist/main.js": "start();\n" },
        },
      ],
      env: ["PATH=/usr/bin:/bin", `SENDGRID_API_KEY=${sendgrid}`],
      entrypoint: ["/app/dist/main.js"],
    },
    planted,
  };
}
