/** Small archives that RAR 3 and 5 wrote, by S. Sokolow (ssokolow/rar-test-files, CC0 1.0: in the public domain), and the SHA-1 of their members. */
export const realRars: readonly (readonly [
  name: string,
  base64: string,
  members: readonly (readonly [name: string, sha1: string])[],
])[] = [
  [
    "RAR 3, PPMd",
    [
      "UmFyIRoHAM+QcwAADQAAAAAAAAA4m3QggCwAGwAAAAwAAAAA/o/BbgAAISodNQwAIAAAAHRlc3RmaWxlLnR4dKcYVBNehL0MdSfw",
      "O2HcUnaQEg0Av4hn9qn/1MQ9ewBABwA=",
    ].join(""),
    [["testfile.txt", "f83940e115f6002dcf736810af7c1b653785ed27"]],
  ],
  [
    "RAR 3, PPMd and LZ77, one stream",
    [
      "UmFyIRoHADvQcwgADQAAAAAAAABi1HSAgCwAVAAAAFcAAAAAYqywrwAAISodNQwAIAAAAHRlc3RmaWxlLnBuZ6cYiMX7tULR897V",
      "97LJcCVPgb9JW1J0DJ3ukwewTcUCQiputgFGDJCnubWnHO/4c4el/AJp4DyMDjVALGZQK+zIaypHmA42BALAAAAAv4hn9qn/1Cen",
      "dJCALAC2AAAA3AAAAABssXDaAAAhKh01DAAgAAAAdGVzdGZpbGUuanBnxxX+z/gkrouQDzSv1u8s0Ygzi3zVeQ92ntYYIx7f/I5G",
      "dzN/853A5clS/vS6cV3TaW4JleYhUwY3gUD9vUjVWw/YNypM8nkgwX2UeoXpCnwzKfQj1zPAsdu79eJeVxeoVsthIzzwW5HXB/7y",
      "0AtDOi5mkS1aYpKoEYps4If4dZCzCo1aw0gEyV0EwSYv9oyQpEy2TLb5WCA24b1Tb5GPplNtL3loXpenXtPf5G0AAL+IZ/ap/9TE",
      "PXsAQAcA",
    ].join(""),
    [
      ["testfile.png", "71e269692591b82a81334e2b786666410a8a334e"],
      ["testfile.jpg", "3721433147572b3430b00b5500290c2b353b7caa"],
    ],
  ],
  [
    "RAR 3, with a record of recovery",
    [
      "UmFyIRoHAG+Xc0AADQAAAAAAAAAMJXQggCwAtgAAANwAAAAAbLFw2gAAISodNQwAIAAAAHRlc3RmaWxlLmpwZ+cYFf7V/ydkeNQh",
      "1MKmm6OAexVPlvVHrzqPE5mVHC08ghs85LfafCcldrlGYJPnjkgNzK9t4fZEpePKwmfeq9nqNRVssG8auWw3ppmChio3P4QobbII",
      "u+aDvAnlNhtw7eU/yPyMBuPEssZjwTehsh4DZgC5HXWGFUVxgDrn+6KnVDXP/2B26ds102b/eZa5elob/BycnuXvN92AXobBxHJ4",
      "Ebq+7rCITbK7Lz6UAAC/iGf2qf/UUW50IIAsAFQAAABXAAAAAGKssK8AACEqHTUMACAAAAB0ZXN0ZmlsZS5wbmenGIjF+7VC0fPe",
      "1feyyXAlT4G/SVtSdAyd7pMHsE3FAkIqbrYBRgyQp7m1pxzv+HOHpfwCaeA8jA41QCxmUCvsyGsqR5gONgQCwAAAAL+IZ/ap/9SL",
      "jHoAwDYAAgIAAAICAAAAL7ZoGQAAAAAdMAIAAAAAAFJSUHJvdGVjdCsBAAAAAQAAAAAAAADNiFJhciEaBwBvl3NAAA0AAAAAAAAA",
      "DCV0IIAsALYAAADcAAAAAGyxcNoAACEqHTUMACAAAAB0ZXN0ZmlsZS5qcGfnGBX+1f8nZHjUIdTCppujgHsVT5b1R686jxOZlRwt",
      "PIIbPOS32nwnJXa5RmCT545IDcyvbeH2RKXjysJn3qvZ6jUVbLBvGrlsN6aZgoYqNz+EKG2yCLvmg7wJ5TYbcO3lP8j8jAbjxLLG",
      "Y8E3obIeA2YAuR11hhVFcYA65/uip1Q1z/9gdunbNdNm/3mWuXpaG/wcnJ7l7zfdgF6GwcRyeBG6vu6wiE2yuy8+lAAAv4hn9qn/",
      "1FFudCCALABUAAAAVwAAAABirLCvAAAhKh01DAAgAAAAdGVzdGZpbGUucG5npxiIxfu1QtHz3tX3sslwJU+Bv0lbUnQMne6TB7BN",
      "xQJCKm62AUYMkKe5tacc7/hzh6X8AmngPIwONUAsZlAr7MhrKkeYDjYEAsAAAAC/iGf2qf/UAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAxD17AEAHAA==",
    ].join(""),
    [
      ["testfile.jpg", "3721433147572b3430b00b5500290c2b353b7caa"],
      ["testfile.png", "71e269692591b82a81334e2b786666410a8a334e"],
    ],
  ],
  [
    "RAR 5, stored",
    [
      "UmFyIRoHAQAzkrXlCgEFBgAFAQGAgAAkmeyhIgICjAAGjAC2gwLQDlA6/o/BboAAAQx0ZXN0ZmlsZS50eHRUZXN0aW5nIDEyMwod",
      "d1ZRAwUEAA==",
    ].join(""),
    [["testfile.txt", "f83940e115f6002dcf736810af7c1b653785ed27"]],
  ],
  [
    "RAR 5",
    [
      "UmFyIRoHAQAzkrXlCgEFBgAFAQGAgAD0HZqmIgIC1gEG3AG2gwLQDlA6bLFw2oAFAQx0ZXN0ZmlsZS5qcGfFTNMmZEUy9lA12dPG",
      "dnOSIQEQfCUEEQaFIC1LaxGhBraEEGiWvg7U3PhaCC+AISAx6AW1qbGzgKOyVPjG9Jpm5ubvk/5obhmGBh//X94ueU/gC3YLkAII",
      "AAxNQ/ULQJIztPVL7JkT+apCKEWVXXGVll2XGV2G2BtaM024UpiiE686V6a8p9wMKgiLivmFTgFGdX+VZhaZRGUEn/iE4eUedQHY",
      "foJJ8FkKkT/Hb7U7xYn2O1cmetrlwyRxyedm/TCSxywY6uilmhyah/QZVE7d6+Yz3o/M4lDcHCICAtcABtcAtoMC0A5QOmKssK+A",
      "AAEMdGVzdGZpbGUucG5niVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAMAAABFaP0WAAAABlBMVEUAAAD///+l2Z/dAAAADElEQVR4",
      "AWNgYARCAAAMAAM54HcDAAAAAElFTkSuQmCCHXdWUQMFBAA=",
    ].join(""),
    [
      ["testfile.jpg", "3721433147572b3430b00b5500290c2b353b7caa"],
      ["testfile.png", "71e269692591b82a81334e2b786666410a8a334e"],
    ],
  ],
  [
    "RAR 5, one stream",
    [
      "UmFyIRoHAQAgtvoRCgEFBgQFAQGAgABGxEvRIgIC7AEG3AG2gwLQDlA6bLFw2oAdAQx0ZXN0ZmlsZS5qcGfEd+knZURDL1cESsmZ",
      "lt5eZkl3MRgQQeEoIogjHMi4iQxSamImCiDodCCCpNi6ngLqQdS7HgaCC8AQkBkf4GbXU7HUlgpKq9U4xd3X8X6vV6q5NXxRVUVR",
      "Xjx99r/cXXeXgBOrXlrg00AD4nL9g0gboM4x7f/OGc/s5jOmeOhAs88iClAh+i+MsKoaNJKVJEKnFTTEU6V+APnCgPRW1Cp5BjsX",
      "cKchclIjOiTFpCWOPHE4w3y/USMoaAZVup59/47829uo/75xuLM6r21duXLv12+PPaNn+mzuZfHV4bW90jvgcDrkc2upUX2u+NMc",
      "19ciAgK+AAbXALaDAtAOUDpirLCvwB0BDHRlc3RmaWxlLnBuZ0UkO+iaxpwoqoJahl1I9hipjHbJ8m/+5BQNNrWZCita+y/1/BSw",
      "Sx6Nnla3Z53KxfQbzcHIy4CWSxH3Vp+YHXdWUQMFBAA=",
    ].join(""),
    [
      ["testfile.jpg", "3721433147572b3430b00b5500290c2b353b7caa"],
      ["testfile.png", "71e269692591b82a81334e2b786666410a8a334e"],
    ],
  ],
];
