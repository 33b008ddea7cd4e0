declare <4 x double> @llvm.sqrt.v4f64(<4 x double>)
declare i64 @llvm.vector.reduce.add.v4i64(<4 x i64>)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
define internal <4 x double> @sqrt.v4(<4 x double> %x) {
entry:
  %v1 = call <4 x double> @llvm.sqrt.v4f64(<4 x double> %x)
  ret <4 x double> %v1
}

@table3 = private unnamed_addr constant [3 x double] [double 0x0000000000000000, double 0x0000000000000000, double 0x3FF0000000000000]
@table19 = private unnamed_addr constant [1 x i64] [i64 0]
define i64 @kernel(i64 %rows, ptr noalias %columns, ptr noalias %strides, ptr noalias %shared, ptr noalias %outs, ptr noalias %sums, ptr noalias %flags, ptr noalias %scratch) {
entry:
  %some = icmp sgt i64 %rows, 0
  %failures = alloca i64
  store i64 0, ptr %failures
  %v1 = getelementptr double, ptr %scratch, i64 4
  %v2 = getelementptr double, ptr %scratch, i64 20
  call void @llvm.memset.p0.i64(ptr %scratch, i8 0, i64 32, i1 false)
  call void @llvm.memset.p0.i64(ptr %sums, i8 0, i64 8, i1 false)
  %v4 = load double, ptr %shared
  %v5 = load double, ptr %shared
  %v6 = fmul double %v4, %v5
  store double %v6, ptr %v2
  br i1 %some, label %yes7, label %no8
yes7:
  %v10 = add i64 %rows, 7
  %v11 = udiv i64 %v10, 8
  br label %loop12
loop12:
  %i14 = phi i64 [ 0, %yes7 ], [ %i15, %end83 ]
  %v16 = mul i64 %i14, 8
  %v17 = sub i64 %rows, %v16
  %v18 = icmp sge i64 %v17, 8
  %v20 = sub i64 %rows, 1
  br label %loop21
loop21:
  %i23 = phi i64 [ 0, %loop12 ], [ %i24, %end35 ]
  %v25 = getelementptr double, ptr @table19, i64 %i23
  %v26 = load i64, ptr %v25
  %v27 = getelementptr double, ptr %columns, i64 %v26
  %v28 = load ptr, ptr %v27
  %v29 = getelementptr double, ptr %strides, i64 %v26
  %v30 = load i64, ptr %v29
  %v31 = mul i64 %i23, 8
  %v32 = getelementptr double, ptr %v1, i64 %v31
  br i1 %v18, label %yes33, label %no34
yes33:
  br label %loop36
loop36:
  %i38 = phi i64 [ 0, %yes33 ], [ %i39, %loop36 ]
  %v40 = mul i64 %i38, 4
  %v41 = add i64 %v16, %v40
  %v42 = mul i64 %v41, %v30
  %v43 = getelementptr i8, ptr %v28, i64 %v42
  %v44 = getelementptr i8, ptr %v43, i64 %v30
  %v45 = getelementptr i8, ptr %v44, i64 %v30
  %v46 = getelementptr i8, ptr %v45, i64 %v30
  %v47 = load double, ptr %v43
  %v48 = insertelement <4 x double> poison, double %v47, i32 0
  %v49 = load double, ptr %v44
  %v50 = insertelement <4 x double> %v48, double %v49, i32 1
  %v51 = load double, ptr %v45
  %v52 = insertelement <4 x double> %v50, double %v51, i32 2
  %v53 = load double, ptr %v46
  %v54 = insertelement <4 x double> %v52, double %v53, i32 3
  %v55 = getelementptr double, ptr %v32, i64 %v40
  store <4 x double> %v54, ptr %v55
  %i39 = add nuw nsw i64 %i38, 1
  %v56 = icmp slt i64 %i39, 2
  br i1 %v56, label %loop36, label %end37
end37:
  br label %end35
no34:
  br label %loop57
loop57:
  %i59 = phi i64 [ 0, %no34 ], [ %i60, %loop57 ]
  %v61 = add i64 %v16, %i59
  %v62 = add i64 %v61, 0
  %v63 = icmp slt i64 %v62, %rows
  %v64 = select i1 %v63, i64 %v62, i64 %v20
  %v65 = mul i64 %v64, %v30
  %v66 = getelementptr i8, ptr %v28, i64 %v65
  %v67 = load double, ptr %v66
  %v68 = getelementptr double, ptr %v32, i64 %i59
  store double %v67, ptr %v68
  %i60 = add nuw nsw i64 %i59, 1
  %v69 = icmp slt i64 %i60, 8
  br i1 %v69, label %loop57, label %end58
end58:
  br label %end35
end35:
  %i24 = add nuw nsw i64 %i23, 1
  %v70 = icmp slt i64 %i24, 1
  br i1 %v70, label %loop21, label %end22
end22:
  %v71 = getelementptr double, ptr %v1, i64 4
  %v72 = load <4 x double>, ptr %v1
  %v73 = load <4 x double>, ptr %v71
  %v74 = getelementptr double, ptr %v1, i64 8
  %v75 = call <4 x double> @sqrt.v4(<4 x double> %v72)
  %v76 = call <4 x double> @sqrt.v4(<4 x double> %v73)
  %v77 = getelementptr double, ptr %v74, i64 4
  store <4 x double> %v75, ptr %v74
  store <4 x double> %v76, ptr %v77
  %v78 = load ptr, ptr %outs
  %v79 = getelementptr double, ptr %v78, i64 %v16
  %v80 = getelementptr double, ptr %v79, i64 4
  store <4 x double> %v75, ptr %v79, align 8
  store <4 x double> %v76, ptr %v80, align 8
  br i1 %v18, label %yes81, label %no82
yes81:
  %v84 = getelementptr double, ptr %v1, i64 8
  %v85 = getelementptr double, ptr %v84, i64 4
  %v86 = load <4 x double>, ptr %v84
  %v87 = load <4 x double>, ptr %v85
  %v88 = load double, ptr %v2
  %v89 = insertelement <4 x double> poison, double %v88, i32 0
  %v90 = shufflevector <4 x double> %v89, <4 x double> poison, <4 x i32> zeroinitializer
  %v91 = getelementptr double, ptr %v1, i64 8
  %v92 = getelementptr double, ptr %v91, i64 4
  %v93 = load <4 x double>, ptr %v91
  %v94 = load <4 x double>, ptr %v92
  %v95 = load double, ptr %v2
  %v96 = insertelement <4 x double> poison, double %v95, i32 0
  %v97 = shufflevector <4 x double> %v96, <4 x double> poison, <4 x i32> zeroinitializer
  %v98 = getelementptr double, ptr %v1, i64 4
  %v99 = load <4 x double>, ptr %v1
  %v100 = load <4 x double>, ptr %v98
  %v101 = fcmp olt <4 x double> %v86, %v90
  %v102 = select <4 x i1> %v101, <4 x double> %v93, <4 x double> %v97
  %v103 = fcmp olt <4 x double> %v87, %v90
  %v104 = select <4 x i1> %v103, <4 x double> %v94, <4 x double> %v97
  %v105 = fadd <4 x double> %v102, %v104
  %v106 = load <4 x double>, ptr %scratch
  %v107 = fadd <4 x double> %v106, %v105
  store <4 x double> %v107, ptr %scratch
  %v108 = fcmp ogt <4 x double> %v99, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v109 = select <4 x i1> %v108, <4 x double> <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>, <4 x double> <double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000>
  %v110 = fcmp ogt <4 x double> %v100, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v111 = select <4 x i1> %v110, <4 x double> <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>, <4 x double> <double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000>
  %v112 = getelementptr i8, ptr %flags, i64 %v16
  %v113 = fcmp oeq <4 x double> %v109, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v114 = zext <4 x i1> %v113 to <4 x i8>
  store <4 x i8> %v114, ptr %v112, align 1
  %v115 = xor <4 x i1> %v113, <i1 true, i1 true, i1 true, i1 true>
  %v116 = zext <4 x i1> %v115 to <4 x i64>
  %v117 = call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %v116)
  %v118 = load i64, ptr %failures
  %v119 = add i64 %v118, %v117
  store i64 %v119, ptr %failures
  %v120 = fcmp oeq <4 x double> %v111, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v121 = getelementptr i8, ptr %v112, i64 4
  %v122 = zext <4 x i1> %v120 to <4 x i8>
  store <4 x i8> %v122, ptr %v121, align 1
  %v123 = xor <4 x i1> %v120, <i1 true, i1 true, i1 true, i1 true>
  %v124 = zext <4 x i1> %v123 to <4 x i64>
  %v125 = call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %v124)
  %v126 = load i64, ptr %failures
  %v127 = add i64 %v126, %v125
  store i64 %v127, ptr %failures
  br label %end83
no82:
  %v128 = getelementptr double, ptr %v1, i64 8
  %v129 = getelementptr double, ptr %v128, i64 4
  %v130 = load <4 x double>, ptr %v128
  %v131 = load <4 x double>, ptr %v129
  %v132 = load double, ptr %v2
  %v133 = insertelement <4 x double> poison, double %v132, i32 0
  %v134 = shufflevector <4 x double> %v133, <4 x double> poison, <4 x i32> zeroinitializer
  %v135 = getelementptr double, ptr %v1, i64 8
  %v136 = getelementptr double, ptr %v135, i64 4
  %v137 = load <4 x double>, ptr %v135
  %v138 = load <4 x double>, ptr %v136
  %v139 = load double, ptr %v2
  %v140 = insertelement <4 x double> poison, double %v139, i32 0
  %v141 = shufflevector <4 x double> %v140, <4 x double> poison, <4 x i32> zeroinitializer
  %v142 = getelementptr double, ptr %v1, i64 4
  %v143 = load <4 x double>, ptr %v1
  %v144 = load <4 x double>, ptr %v142
  %v145 = fcmp olt <4 x double> %v130, %v134
  %v146 = select <4 x i1> %v145, <4 x double> %v137, <4 x double> %v141
  %v147 = fcmp olt <4 x double> %v131, %v134
  %v148 = select <4 x i1> %v147, <4 x double> %v138, <4 x double> %v141
  %v149 = add i64 0, 0
  %v150 = sub i64 %v17, %v149
  %v151 = insertelement <4 x i64> poison, i64 %v150, i32 0
  %v152 = shufflevector <4 x i64> %v151, <4 x i64> poison, <4 x i32> zeroinitializer
  %v153 = icmp slt <4 x i64> <i64 0, i64 1, i64 2, i64 3>, %v152
  %v154 = select <4 x i1> %v153, <4 x double> %v146, <4 x double> <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v155 = add i64 0, 4
  %v156 = sub i64 %v17, %v155
  %v157 = insertelement <4 x i64> poison, i64 %v156, i32 0
  %v158 = shufflevector <4 x i64> %v157, <4 x i64> poison, <4 x i32> zeroinitializer
  %v159 = icmp slt <4 x i64> <i64 0, i64 1, i64 2, i64 3>, %v158
  %v160 = select <4 x i1> %v159, <4 x double> %v148, <4 x double> <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v161 = fadd <4 x double> %v154, %v160
  %v162 = load <4 x double>, ptr %scratch
  %v163 = fadd <4 x double> %v162, %v161
  store <4 x double> %v163, ptr %scratch
  %v164 = fcmp ogt <4 x double> %v143, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v165 = select <4 x i1> %v164, <4 x double> <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>, <4 x double> <double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000>
  %v166 = fcmp ogt <4 x double> %v144, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v167 = select <4 x i1> %v166, <4 x double> <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>, <4 x double> <double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000>
  %v168 = getelementptr i8, ptr %flags, i64 %v16
  %v169 = fcmp oeq <4 x double> %v165, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v170 = add i64 0, 0
  %v171 = sub i64 %v17, %v170
  %v172 = insertelement <4 x i64> poison, i64 %v171, i32 0
  %v173 = shufflevector <4 x i64> %v172, <4 x i64> poison, <4 x i32> zeroinitializer
  %v174 = icmp slt <4 x i64> <i64 0, i64 1, i64 2, i64 3>, %v173
  %v175 = zext <4 x i1> %v169 to <4 x i8>
  store <4 x i8> %v175, ptr %v168, align 1
  %v176 = xor <4 x i1> %v169, <i1 true, i1 true, i1 true, i1 true>
  %v177 = and <4 x i1> %v176, %v174
  %v178 = zext <4 x i1> %v177 to <4 x i64>
  %v179 = call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %v178)
  %v180 = load i64, ptr %failures
  %v181 = add i64 %v180, %v179
  store i64 %v181, ptr %failures
  %v182 = fcmp oeq <4 x double> %v167, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v183 = add i64 0, 4
  %v184 = sub i64 %v17, %v183
  %v185 = insertelement <4 x i64> poison, i64 %v184, i32 0
  %v186 = shufflevector <4 x i64> %v185, <4 x i64> poison, <4 x i32> zeroinitializer
  %v187 = icmp slt <4 x i64> <i64 0, i64 1, i64 2, i64 3>, %v186
  %v188 = getelementptr i8, ptr %v168, i64 4
  %v189 = zext <4 x i1> %v182 to <4 x i8>
  store <4 x i8> %v189, ptr %v188, align 1
  %v190 = xor <4 x i1> %v182, <i1 true, i1 true, i1 true, i1 true>
  %v191 = and <4 x i1> %v190, %v187
  %v192 = zext <4 x i1> %v191 to <4 x i64>
  %v193 = call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %v192)
  %v194 = load i64, ptr %failures
  %v195 = add i64 %v194, %v193
  store i64 %v195, ptr %failures
  br label %end83
end83:
  %i15 = add nuw nsw i64 %i14, 1
  %v196 = icmp slt i64 %i15, %v11
  br i1 %v196, label %loop12, label %end13
end13:
  %v197 = load double, ptr %scratch
  %v198 = fadd double 0x0000000000000000, %v197
  %v199 = getelementptr double, ptr %scratch, i64 1
  %v200 = load double, ptr %v199
  %v201 = fadd double %v198, %v200
  %v202 = getelementptr double, ptr %scratch, i64 2
  %v203 = load double, ptr %v202
  %v204 = fadd double %v201, %v203
  %v205 = getelementptr double, ptr %scratch, i64 3
  %v206 = load double, ptr %v205
  %v207 = fadd double %v204, %v206
  store double %v207, ptr %sums
  %v208 = load double, ptr %v2
  %v209 = sitofp i64 %rows to double
  %v210 = fmul double %v208, %v209
  %v211 = load double, ptr %sums
  %v212 = fadd double %v211, %v210
  store double %v212, ptr %sums
  br label %end9
no8:
  br label %end9
end9:
  %v213 = load i64, ptr %failures
  ret i64 %v213
}
