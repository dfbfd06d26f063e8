/**
 * Fetches a corpus of published software in which nobody's secrets are: packages of npm, PyPI and crates.io, by their ordinary clients and without
 * running anything of them. `systemFolders` are the parts of an installed system that belong to it.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One line: one installation, so that packages that do not go together cost only their line. */
const npm = `
react react-dom next vue svelte @angular/core @angular/common @angular/compiler
webpack webpack-cli rollup vite esbuild babel-loader @babel/core @babel/preset-env terser uglify-js
eslint prettier typescript jest mocha chai sinon karma
express koa fastify @nestjs/core @nestjs/common @nestjs/jwt @nestjs/passport
passport passport-jwt passport-local passport-oauth2 jsonwebtoken jose openid-client bcryptjs
sequelize typeorm mongoose mongodb pg mysql2 redis ioredis knex prisma @prisma/client
aws-sdk @aws-sdk/client-s3 @aws-sdk/client-sts @azure/identity @azure/storage-blob
googleapis google-auth-library firebase@11 firebase-admin @octokit/rest
@slack/web-api stripe twilio @sendgrid/mail nodemailer mailgun.js axios got node-fetch undici request superagent
ws socket.io socket.io-client graphql @apollo/client lodash underscore ramda rxjs moment dayjs date-fns luxon
d3 three chart.js echarts highcharts leaflet jquery bootstrap
@mui/material antd @ant-design/icons tailwindcss styled-components
redux @reduxjs/toolkit react-router-dom formik yup zod joi ajv i18next
monaco-editor ace-builds codemirror pdfjs-dist tinymce ckeditor4 swagger-ui-dist @fortawesome/fontawesome-free
serverless pm2 winston pino bunyan dotenv config yargs commander inquirer shelljs cheerio jsdom
web3 ethers bitcoinjs-lib ssh2 node-forge crypto-js elliptic tweetnacl openpgp
core-js caniuse-lite mime-db iconv-lite npm yarn pnpm
gatsby
nuxt
ember-source backbone handlebars mustache pug ejs marked highlight.js prismjs katex mathjax
keycloak-js auth0-js @okta/okta-auth-js next-auth
parse parse-server
@sentry/node @sentry/browser newrelic dd-trace @opentelemetry/api
contentful algoliasearch @elastic/elasticsearch kafkajs amqplib bull bullmq agenda
node-red
hexo
react-scripts
expo@53
hardhat
truffle
ganache`;

const python = `
django flask requests boto3 botocore sqlalchemy celery redis pymongo cryptography paramiko pyjwt python-jose authlib oauthlib requests-oauthlib google-auth
google-api-python-client azure-identity azure-storage-blob azure-core msal kubernetes docker ansible-core twisted tornado aiohttp httpx fastapi
uvicorn starlette pydantic numpy pandas scipy scikit-learn matplotlib plotly bokeh notebook jupyterlab ipython nltk spacy transformers networkx sympy
pillow lxml beautifulsoup4 babel pytz faker apache-airflow apache-airflow-providers-amazon apache-superset mlflow streamlit gradio dash langchain
langchain-community openai anthropic huggingface-hub wagtail djangorestframework django-allauth social-auth-core salt certbot acme scapy impacket
pyopenssl service-identity pysaml2 ldap3 moto sentry-sdk stripe twilio slack-sdk pygithub python-gitlab jira atlassian-python-api dbt-core prefect luigi
dagster grpcio protobuf sphinx mkdocs-material pygments docutils web3 eth-account phonenumbers pytest hypothesis robotframework selenium`;

const crates = `
tokio axum actix-web reqwest sqlx diesel serde serde_json clap rustls ring openssl jsonwebtoken oauth2 aws-sdk-s3 aws-config tonic prost kube rocket
lettre redis mongodb bitcoin ed25519-dalek rsa webpki-roots image encoding_rs unicode-normalization git2 tracing-subscriber wgpu tree-sitter`;

const words = (text) => text.split(/\s+/).filter((word) => word !== "");

/** Parts of an installed Debian with its languages; those that are there are scanned. */
export const systemFolders =
  `/etc /usr/include /usr/lib/python3 /usr/lib/python3.11 /usr/lib/jvm /usr/lib/node_modules /usr/lib/x86_64-linux-gnu
/usr/share/doc /usr/share/locale /usr/share/perl /usr/share/zsh /usr/share/vim /usr/share/nodejs /usr/share/bash-completion /usr/share/ca-certificates
/usr/share/i18n /usr/share/mime /usr/share/zoneinfo /usr/share/postgresql /usr/share/maven /usr/share/gradle
/usr/local/go`
    .split(/\s+/)
    .filter(existsSync);

/**
 * Fetches what is not there yet. A package that cannot be had is named and left out.
 * @param folder made when needed; some four gigabytes
 */
export function fetchCorpus(folder) {
  npm
    .split("\n")
    .filter((line) => line !== "")
    .forEach((line, at) => fetchNpm(join(folder, "npm", String(at)), words(line)));
  for (const name of words(python)) fetchPython(join(folder, "python", name), name);
  fetchCrates(join(folder, "crates"), words(crates));
}

function fetchNpm(folder, names) {
  if (existsSync(join(folder, "node_modules"))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps", "--loglevel=error"];
  attempt("npm", ["install", ...flags, ...names], folder);
}

/** Wheels are archives; they are unpacked, since their files are the corpus. */
function fetchPython(folder, name) {
  if (existsSync(folder)) return;
  mkdirSync(folder, { recursive: true });
  const quiet = ["-q", "--disable-pip-version-check"];
  if (
    !attempt(
      "python3",
      ["-m", "pip", "download", ...quiet, "--no-deps", "--only-binary=:all:", "-d", ".", name],
      folder,
    )
  )
    return;
  for (const file of readdirSync(folder).filter((each) => each.endsWith(".whl"))) {
    attempt("python3", ["-m", "zipfile", "-e", file, "."], folder);
    rmSync(join(folder, file));
  }
}

function fetchCrates(folder, names) {
  if (existsSync(join(folder, "vendor"))) return;
  mkdirSync(folder, { recursive: true });
  const wanted = names.map((name) => `${name} = "*"`).join("\n");
  writeFileSync(join(folder, "lib.rs"), "");
  writeFileSync(
    join(folder, "Cargo.toml"),
    `[package]\nname = "corpus"\nversion = "0.1.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n[dependencies]\n${wanted}\n`,
  );
  attempt("cargo", ["vendor", "-q", "vendor"], folder);
}

function attempt(program, args, cwd) {
  try {
    execFileSync(program, args, { cwd, stdio: ["ignore", "ignore", "pipe"], timeout: 600_000 });
    return true;
  } catch (error) {
    console.error(`left out: ${program} ${args.join(" ")}: ${String(error.stderr ?? error).split("\n")[0]}`);
    return false;
  }
}
